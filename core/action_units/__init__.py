"""Action-unit detectors trained on skewed sets of people, and what they look at (METHODS, study 6).

Deuschel, Finzel and Rieger (2020), "Uncovering the Bias in Facial Expressions".
"""
