"""The built-in API: OpenAPI v3 and discovery documents of an API server, read into the same schema nodes as CRDs."""
