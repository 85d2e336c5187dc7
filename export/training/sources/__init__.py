"""One module a data set; `export.data` lists them."""
