"""Style sheets in mails: many mail programs look at no other styles than those of an element itself."""

import css_inline

from eventpost.errors import TemplateFault


class Inliner:
    """Puts style sheets into the elements that they are for. Made once, for many mails.

    Nothing is fetched while a mail is made, whatever a template or an event names. What must stay a style sheet
    (@media) says so itself, by data-css-inline="keep".
    """

    def __init__(self) -> None:
        self._css = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)

    def inlined(self, html: str, what: str) -> str:
        """The HTML with its CSS inlined.

        Raises:
            TemplateFault: `what`, such as `news/body.html: its style sheet`, cannot be.
        """
        try:
            return self._css.inline(html)
        except css_inline.InlineError as error:
            msg = f"{what} cannot be inlined ({type(error).__name__})"
            raise TemplateFault(msg) from None
