"""Tables of products as suppliers and spreadsheets write them, and the photos they name."""
