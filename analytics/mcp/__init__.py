"""The MCP server: the API's operations as tools for programs that talk to a language model.

A surface like `analytics.api`, over stdio (`manage.py mcp`) and streamable HTTP (`/mcp` of the ASGI application). Every
tool is an operation with its shapes, its description and its permission; nothing is written a second time here.

**Source**: Model Context Protocol, revisions 2025-11-25 and 2026-07-28; the package `mcp`, 2.3.
"""
