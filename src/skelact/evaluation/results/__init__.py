"""What evaluations leave behind: values, files, tables, which store they are of, and the published numbers beside."""
