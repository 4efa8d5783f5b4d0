"""Files with a structure (HTML, Markdown, subtitles, PO, JSON): what of them is text, and the same file with other text."""
