/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_NGHTTP2_H
#define MONITOR_NET_NGHTTP2_H

#include "base/error.h"

/* nghttp2. Before any of its functions is called; as library_load(). */
int nghttp2_load(struct error *err);

#endif
