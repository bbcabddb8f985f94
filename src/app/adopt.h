/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_ADOPT_H
#define MONITOR_APP_ADOPT_H

#include "app/reload.h"

/*
 * Puts another set in force between two events: outputs, web server, limits and rules. When it succeeds the set's rules and limits are the
 * former ones, to be freed, and the session borrows its configuration; when it fails all is as before.
 */
int session_adopt(struct session *s, struct reload_set *set, const struct intercept_set *wants, struct error *err);

#endif
