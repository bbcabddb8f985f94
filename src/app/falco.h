/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_H
#define MONITOR_APP_FALCO_H

#include "app/config.h"
#include "app/options.h"

/* The Falco that this program stands in for: what scripts and falcoctl ask for. */
#define FALCO_VERSION	     "0.44.1"
#define FALCO_ENGINE	     "62"
#define FALCO_ENGINE_SEMVER  "0.62.0"

/* The parts of `monitor falco`; each returns the exit status. */

/* What --version says; JSON with json_output. */
int falco_version(bool json);
/* -V: each file's findings on standard output. */
int falco_validate(const struct config *config, const struct options *o, const struct engine_options *engine);
/* Rules over a capture, to the configured outputs. */
int falco_replay(const struct config *config, const struct options *o, const struct engine_options *engine);

#endif
