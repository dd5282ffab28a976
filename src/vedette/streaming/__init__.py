"""A camera's packets as fragmented MP4 for Media Source Extensions; nothing is decoded or transcoded."""
