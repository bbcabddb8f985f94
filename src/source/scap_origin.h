/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_ORIGIN_H
#define MONITOR_SOURCE_SCAP_ORIGIN_H

#include "base/str.h"
#include "source/scap.h"

/*
 * The section header's option that says who wrote a capture; the container is a view of it. False: it is
 * another writer's.
 */
bool scap_origin_parse(struct str text, struct scap_origin *ret_origin);
void scap_origin_print(struct strbuf *out, const struct scap_origin *origin);

#endif
