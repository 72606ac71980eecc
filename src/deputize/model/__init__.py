"""The nouns of deputize: frozen values and pure rules, no input or output."""
