"""The suites: each module has run(plan), which returns a report.Table."""
