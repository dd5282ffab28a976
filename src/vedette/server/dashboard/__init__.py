"""The pages: cameras, events, one camera with its day, health. Server-rendered; live parts are swapped in."""
