"""What a request costs that passes five layers of middleware, and none.

The handlers only pass on: what is measured is the way from one to the next.
"""
from report import Table
from servers import Missing
from suites import routes

TARGET = 1.15
LABELS = {"middleware_0": "no middleware", "middleware_5": "5 middleware"}


def run(plan):
    table = Table("middleware", "Cost of a keep-alive request through 0 and 5 "
                  "layers of middleware")
    requests = {name: routes.paths("literal", 10) for name in LABELS}
    try:
        routes.compare(table, plan, requests, LABELS, TARGET)
    except Missing as why:
        table.missing(LABELS["middleware_5"], why, f"<= {TARGET:.2f}")
    return table
