"""The public names: those at the top, and those of the namespaces with the namespace before them."""

import inspect

import botox_analysis as ba

NAMESPACES = {name: getattr(ba, name) for name in ba.__all__ if inspect.ismodule(getattr(ba, name))}

PUBLIC = {name: getattr(ba, name) for name in ba.__all__ if name not in NAMESPACES} | {
    f"{space}.{name}": getattr(module, name) for space, module in NAMESPACES.items() for name in module.__all__
}

FUNCTIONS = {name: found for name, found in PUBLIC.items() if inspect.isfunction(found)}

CLASSES = {name: found for name, found in PUBLIC.items() if inspect.isclass(found)}
