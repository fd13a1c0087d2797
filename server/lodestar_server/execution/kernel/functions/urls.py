"""Parts of URLs, and their encoding."""

from __future__ import annotations

from lodestar_server.execution.kernel.functions.registry import scalar_template

for _part in ("protocol", "host", "port", "path", "query", "fragment"):
    scalar_template(f"url_extract_{_part}", f"trino_url_extract_{_part}({{0}})")

scalar_template("url_extract_parameter", "trino_url_extract_parameter({0}, {1})", total=False)
scalar_template("url_encode", "trino_url_encode({0})")
scalar_template("url_decode", "trino_url_decode({0})", total=False)
