"""What a run is: its folder, its settings, and what makes a model of two files."""
