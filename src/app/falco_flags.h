/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_FLAGS_H
#define MONITOR_APP_FALCO_FLAGS_H

#include "app/config.h"
#include "app/options.h"

/* The file that Falco's command line works with: -c, else /etc/falco/falco.yaml when it is there, else NULL. */
const char *falco_config_path(const struct options *o);

/*
 * The configuration that Falco's command line means: the file, -o, then the flags that stand for keys. What
 * is said of old flags is among its warnings. -EINVAL as config_load_input(), or when flags contradict each
 * other.
 */
int falco_config(const struct options *o, struct config **ret_config, struct error *err);

#endif
