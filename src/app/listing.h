/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_LISTING_H
#define MONITOR_APP_LISTING_H

#include <stdbool.h>

#include "base/str.h"

/* The texts of `monitor list` and of Falco's --list and --list-events. */
void listing_events(struct strbuf *out, bool verbose);
void listing_priorities(struct strbuf *out);
void listing_operators(struct strbuf *out);

/* Writes it to standard output; returns the exit status. */
int listing_print(const struct strbuf *out);

#endif
