"""HTTP in and out: declared operations, strict decoding, paging, problems."""
