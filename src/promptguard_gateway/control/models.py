"""The list of models, under the names to use here: `vllm/<id>`. Their names are text of the upstream, so inspected."""

from promptguard_gateway import __version__
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.policy import Verb
from promptguard_gateway.core.segments import Direction
from promptguard_gateway.domain.errors import GatewayError
from promptguard_gateway.domain.ports import Router
from promptguard_gateway.proxy.dialects import answer_inventory, read_answer
from promptguard_gateway.proxy.gateway import render_error
from promptguard_gateway.proxy.http_reply import Reply, json_response
from promptguard_gateway.proxy.services import Call, Services, decision_headers
from promptguard_gateway.proxy.trace import Trace
from promptguard_gateway.wire import openai_answers
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, encode


class Models:
    """GET models."""

    def __init__(self, services: Services, router: Router) -> None:
        self._services = services
        self._router = router

    async def list(self, call: Call) -> Reply:
        """The models of the default upstream, or of the one that X-VLLM-Base-URL names."""
        trace, judge = self._services.trace(call)
        try:
            upstream = self._router.select(call.headers.get("x-vllm-base-url"))
            trace.upstream = upstream.name
            answer = await upstream.send("/models", None, stream=False, credential=call.principal.upstream_credential)
            tree = read_answer(await answer.read(), self._services.settings)
            trace.lap("upstream")
            inventory = answer_inventory(tree, self._services.settings)
            trace.covered(Direction.OUTPUT, inventory)
            judgement = judge.answer(inventory.segments, Knowledge())
            trace.judged(Direction.OUTPUT, judgement)
            if judgement.decision.outcome is Verb.BLOCK:
                raise GatewayError("request_blocked", "The upstream's list of models is blocked by security policy.")
            return await self._answer(trace, openai_answers.models_list(self._with_local(tree)))
        except GatewayError as error:
            await self._services.refused(trace, error)
            return render_error(error, call.route, trace.id)

    def _with_local(self, tree: JsonObject) -> JsonObject:
        """The upstream's models and those inside the program."""
        data = tree.get("data")
        local: list[JsonValue] = [
            {"id": name, "object": "model", "created": 0, "owned_by": "promptguard"}
            for name in self._router.local_models
        ]
        return {**tree, "data": [*data, *local]} if isinstance(data, list) else tree

    async def _answer(self, trace: Trace, tree: JsonObject) -> Reply:
        await self._services.record(trace.event("answered", 200))
        return json_response(200, encode(tree), decision_headers(trace, __version__))
