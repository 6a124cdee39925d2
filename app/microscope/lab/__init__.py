"""The instruments of the laboratory: what each is asked, does and answers."""
