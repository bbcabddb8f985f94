/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_CONFIG_SHOW_H
#define MONITOR_APP_CONFIG_SHOW_H

#include "app/config.h"

/*
 * The effective values as YAML, a comment behind each telling where it is from. Secrets are masked. What it prints is a
 * configuration again.
 */
void config_show(struct strbuf *out, const struct config *c);

/* The tree as it was read and merged, in one line, every text in double quotes; secrets masked. For falco --support. */
void config_dump(struct strbuf *out, const struct config *c);

/* The JSON schema of the keys, from config.def. */
void config_schema(struct strbuf *out);

#endif
