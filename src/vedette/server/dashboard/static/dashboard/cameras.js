// The cameras page: stills, and how each camera stands.

import "./stills.js";
import { ask, follow, put } from "./live.js";

const refresh = async () => { const page = await ask(); if (page) put(page); };
follow({ kinds: ["camera", "event"], everyS: 5, refresh });
