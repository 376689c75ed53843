/* What an application consists of, for people and for tools. */
#ifndef YK_APP_LISTING_H
#define YK_APP_LISTING_H

#include <yoke/app.h>

#include "app/layer.h"

/* The public name of a layer's kind. */
enum yoke_layer_kind yk_listing_kind(enum yk_layer_kind kind);

#endif
