"""The six networks of Narula et al. (2020): what they learn, and who attacks what they learnt."""
