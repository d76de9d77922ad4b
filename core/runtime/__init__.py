"""Networks run by onnxruntime: faster than torch on a processor, and always in the same bits."""
