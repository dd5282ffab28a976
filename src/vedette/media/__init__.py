"""Packets and pixels: demuxing, decoding, planes, fragmented MP4, JPEG."""
