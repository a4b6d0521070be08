"""Reports: one page that shows what a finished dataset holds, and pictures of it."""
