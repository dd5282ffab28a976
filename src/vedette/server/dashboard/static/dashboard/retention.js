// The retention panel stays up to date while somebody looks at it.

import { ask, follow, put } from "./live.js";

async function refresh() {
  const fresh = await ask();
  if (fresh) put(fresh);
}

follow({ kinds: [], everyS: 60, refresh });
