"""One module for each way of writing the cases down."""
