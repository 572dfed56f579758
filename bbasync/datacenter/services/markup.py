"""Rendered markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.markup import Markup as RenderedMarkup
from bbasync.service import Service

if TYPE_CHECKING:
    from bbasync.datacenter.models.markup import MarkupUrlMode

__all__ = ["Markup"]


class Markup(Service):
    """Rendered markup: `bb.markup`."""

    async def preview(
        self,
        *,
        text: str,
        url_mode: MarkupUrlMode | str | None = None,
        html_escape: bool | None = None,
        include_heading_id: bool | None = None,
        hardwrap: bool | None = None,
    ) -> str:
        """Return Markdown rendered as HTML.

        `html_escape` escapes HTML in the text, `include_heading_id` adds IDs to headings, and `hardwrap` turns line
        breaks into `<br>`. `url_mode` defaults to RELATIVE.

        Permission: LICENSED_USER.
        """
        rendered = await self._call(
            RenderedMarkup,
            "POST /api/latest/markup/preview",
            query={
                "urlMode": url_mode,
                "htmlEscape": html_escape,
                "includeHeadingId": include_heading_id,
                "hardwrap": hardwrap,
            },
            text=text,
            repeatable=True,
        )
        return rendered.html
