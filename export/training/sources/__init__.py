"""One module per data set; `export.data` lists them."""
