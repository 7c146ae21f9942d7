"""Errors that the operator can mend; they are shown as one line."""

from promptguard_gateway.app import GatewayError, SettingsError, StoreError

OPERATOR_ERRORS: tuple[type[Exception], ...] = (SettingsError, StoreError, GatewayError)
