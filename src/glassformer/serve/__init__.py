"""Translation over HTTP for programs and people: LibreTranslate's and DeepL's requests, and our own."""
