"""The web page's side in Python: what travels to it, the server, the file that is saved, the notebook."""
