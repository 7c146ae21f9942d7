"""PromptGuard: a self-hosted security gateway for language models.

Five nouns tell the whole story. A *segment* is a piece of text in a request or an answer. A *detector* reads
segments and returns *findings*. A *policy* turns findings into a *decision*. An *exchange* carries one request
and its answer through all of that, and leaves an *event* behind.
"""

__version__ = "0.1.0"
