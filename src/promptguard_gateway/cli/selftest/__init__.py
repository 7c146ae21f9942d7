"""`promptguard selftest`: the tricks that got past other gateways, fired at this one while it runs.

cases, answers, twins   what is said: texts, and what a policy makes of them
shapes                  requests whose form is the trick
forms                   where a text stands in a request, and how the answer is read
firing                  sends everything, within bounds
matrix                  the result, case by form
"""
