"""What training needs of sentence pairs: read, checked, held out, encoded, put into batches. Lies below the loop."""
