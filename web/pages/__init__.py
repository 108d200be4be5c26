"""HTML pages: a view model per page, then a template."""
