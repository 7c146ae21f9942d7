"""The list of models, under the names to use here: `vllm/<id>`. What else the upstream says of them is text of an
answer, so it is judged like one."""

from promptguard_gateway import __version__
from promptguard_gateway.control.deciding import Deciding
from promptguard_gateway.core.detector import Knowledge
from promptguard_gateway.core.policy import Verb
from promptguard_gateway.core.segments import Direction
from promptguard_gateway.domain.ports import Router
from promptguard_gateway.proxy.dialects import answer_inventory, read_answer
from promptguard_gateway.proxy.http_reply import Reply, json_response
from promptguard_gateway.proxy.inspect import Judge, Judgement
from promptguard_gateway.proxy.redaction import redact
from promptguard_gateway.proxy.services import Call, Services, decision_headers
from promptguard_gateway.proxy.trace import Trace
from promptguard_gateway.wire.openai_answers import models_list
from promptguard_gateway.wire.strict_json import JsonObject, JsonValue, encode


class Models(Deciding):
    """GET models."""

    def __init__(self, services: Services, router: Router) -> None:
        super().__init__(services)
        self._router = router

    async def list(self, call: Call) -> Reply:
        """The models of the default upstream, or of the one that X-VLLM-Base-URL names."""
        return await self._recorded(call, lambda trace, judge, _: self._list(call, trace, judge))

    async def _list(self, call: Call, trace: Trace, judge: Judge) -> Reply:
        tree = await self._asked(call, trace)
        judgement = await self._judge_list(trace, judge, tree)
        if judgement.decision.outcome is Verb.BLOCK:
            return await self._blocked(call, trace, judgement, Direction.OUTPUT)
        redact(tree, judgement)
        body = encode(models_list(self._with_local(tree)))
        await self._services.record(trace.event("answered", 200))
        return json_response(200, body, decision_headers(trace, __version__))

    async def _asked(self, call: Call, trace: Trace) -> JsonObject:
        upstream = self._router.select(call.headers.get("x-vllm-base-url"))
        trace.upstream = upstream.name
        answer = await upstream.send("/models", None, stream=False, credential=call.principal.upstream_credential)
        data = await answer.read()
        trace.lap("upstream")
        return read_answer(data, self._services.settings)

    async def _judge_list(self, trace: Trace, judge: Judge, tree: JsonObject) -> Judgement:
        """What the detectors say. A guard model is not asked: it judges what models say, and no model said this."""
        inventory = answer_inventory(tree, self._services.settings)
        trace.covered(Direction.OUTPUT, inventory)
        knowledge = Knowledge(canaries=self._services.settings.canaries)
        judgement = await self._services.inspecting(
            inventory.characters, lambda: judge.answer(inventory.segments, knowledge)
        )
        trace.judged(Direction.OUTPUT, judgement)
        trace.lap("answer")
        return judgement

    def _with_local(self, tree: JsonObject) -> JsonObject:
        """The upstream's models and those inside the program."""
        data = tree.get("data")
        local: list[JsonValue] = [
            {"id": name, "object": "model", "created": 0, "owned_by": "promptguard"}
            for name in self._router.local_models
        ]
        return {**tree, "data": [*data, *local]} if isinstance(data, list) else tree
