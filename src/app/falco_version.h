/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_VERSION_H
#define MONITOR_APP_FALCO_VERSION_H

#include <stdbool.h>

#include "base/str.h"

/* The Falco that this program stands in for: what scripts and falcoctl ask for. */
#define FALCO_VERSION	     "0.44.1"
#define FALCO_ENGINE	     "62"
#define FALCO_ENGINE_SEMVER  "0.62.0"

/* What --version says as JSON, without a line end; as --support and the web server give it. */
void falco_version_json(struct strbuf *out);
/* What --version says; JSON with json_output. */
int falco_version(bool json);

#endif
