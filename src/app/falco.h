/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_H
#define MONITOR_APP_FALCO_H

#include "app/config.h"
#include "app/options.h"

/* The parts of `monitor falco`; each returns the exit status. */

/* What --version says; JSON with json_output. */
int falco_version(bool json);
/* -V: each file's findings on standard output. */
int falco_validate(const struct config *config, const struct options *o, const struct engine_options *engine);
/* Rules over a capture, to the configured outputs. */
int falco_replay(const struct config *config, const struct options *o, const struct engine_options *engine);

#endif
