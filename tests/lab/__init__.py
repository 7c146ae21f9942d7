"""The fault laboratory: a raw upstream that misbehaves on demand and a raw client able to stop anywhere."""
