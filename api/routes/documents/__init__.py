"""Pydantic models of the response bodies, by what they are about.

A model's docstring, descriptions and example are shown in the OpenAPI document. Models tell what is
answered; they do not forbid fields, so that a later version may add some.
"""
