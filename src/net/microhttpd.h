/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_NET_MICROHTTPD_H
#define MONITOR_NET_MICROHTTPD_H

#include "base/error.h"

/* libmicrohttpd, and GnuTLS that it speaks TLS by. Before any of its functions is called; as library_load(). */
int microhttpd_load(struct error *err);

#endif
