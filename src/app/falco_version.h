/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_VERSION_H
#define MONITOR_APP_FALCO_VERSION_H

#include <stdbool.h>

#include "rule/engine.h"

/* The Falco that this program stands in for: what scripts and falcoctl ask for. */
#define FALCO_VERSION "0.44.1"

/*
 * What --version says as JSON, without a line end; --support and the web server have the plugins of offered
 * in it, too.
 */
void falco_version_json(struct strbuf *out, const struct engine_options *offered);
/* What --version says; JSON with json_output. */
int falco_version(bool json);

#endif
