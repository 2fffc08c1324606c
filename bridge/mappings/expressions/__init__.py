"""What stands in `{{ }}`: the Jinja dialect with its filters and tests, single expressions, and trees of templates."""
