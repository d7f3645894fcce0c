"""What flows between the parts: frozen, printable data without algorithms."""
