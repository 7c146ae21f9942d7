"""Text models: the folder one comes in, its loading, and how texts are read with it.

Only `runtime` imports onnxruntime, and only `windows` the tokenizers.
"""
