"""What Django's own formats lack: its Chinese ones write large numbers without separators."""
