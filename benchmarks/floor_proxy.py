"""The floor: the least a Python proxy can cost. Same server and client library as the gateway, nothing looked at.

Run as `python -m benchmarks.floor_proxy PORT UPSTREAM`.
"""

import asyncio
import sys

import uvloop
from aiohttp import ClientSession, ClientTimeout, StreamReader, TCPConnector, web


async def serve(port: int, upstream: str) -> None:
    """Forward every request to the upstream until the process ends."""
    connector = TCPConnector(limit=0, keepalive_timeout=4)
    timeout = ClientTimeout(total=None)
    async with ClientSession(connector=connector, auto_decompress=False, timeout=timeout) as session:

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            body = await request.read()
            headers = {"Content-Type": "application/json"}
            async with session.request(request.method, upstream + request.path, data=body, headers=headers) as answer:
                if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                    return await stream(request, answer.content)
                payload = await answer.read()
                return web.Response(body=payload, status=answer.status, content_type="application/json")

        async def stream(request: web.BaseRequest, content: StreamReader) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            async for piece in content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

        runner = web.ServerRunner(web.Server(forward))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
