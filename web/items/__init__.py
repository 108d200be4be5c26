"""The bank of items on the pages: the editor's form, its words, differences between versions, reports of files."""
